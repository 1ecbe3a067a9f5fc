"""
What runs in a process of its own: the templates of people, over data without behaviour.

Nothing here imports crmkit: the process knows no database, no settings and no secret. It is started
by :mod:`crmkit.plugins.collaborative.templates.worker`, which kills it when it takes too long.
"""
