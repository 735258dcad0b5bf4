"""The API of acme-dns, a server that only answers ACME's challenges for names elsewhere."""
