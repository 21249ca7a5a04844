"""SCIM 2.0 (RFC 7643, RFC 7644): paging, the completeness proof and parsing."""
