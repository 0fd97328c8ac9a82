"""What fits this package to others: a module or a folder each, named after the other package.

``apps.py`` imports one where the project has installed the app that it is for.
"""
