"""Web pages: from a request to HTML, by the operations of the API. No sockets."""
