"""A student behind HTTP: the protocol of GLiNER's own server, and a page to try it."""
