"""HTTP: a bounded site, the update dialects, the API, the control socket."""
