"""What people see: thin views over reports, behind a login.

admin.register() wires it all.  Every view refuses by default: who is not logged in sees the login, and who is no
member of a shop sees nothing of it.  To add a page: a function in pages.py and its template.
"""
