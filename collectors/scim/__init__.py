"""SCIM 2.0 (RFC 7643, 7644, 9865) and 1.1: paging, the completeness proof and parsing."""
