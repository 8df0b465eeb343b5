"""Marks on label images. SPEC 9."""
