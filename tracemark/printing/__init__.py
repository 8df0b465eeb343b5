"""What label printers are sent besides pictures: PDF pages. One file a format. SPEC 11.12.

These files know pages and dots, not marks: they draw what a printer would print, and add dots.
"""
