SELECT DISTINCT place, place AS first_place FROM shared_traits
