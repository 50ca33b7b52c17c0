"""Team-messaging bots: one neutral core, one thin adapter a network.

``message in -> claimed in the ledger -> history + question -> Answer -> payloads within limits -> sent once``

``core``, ``sheet`` and the ``*_render`` modules are pure; ``ledger`` holds what
must survive a crash; ``engine`` joins them; ``slack``, ``teams`` and
``matrix_org`` translate and nothing else.
"""
