"""Django's own users and groups with what django-scim2 asks for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A group, by its name."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=150, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    """A user; memberships are kept with the user, as Django does."""

    id = models.AutoField(primary_key=True)
    scim_members_of = models.ManyToManyField(Group, related_name="user_set")

    @property
    def scim_groups(self) -> models.QuerySet[Group]:
        """The groups the user is a member of."""
        return self.scim_members_of.all()
