"""The browser client and the cookie transport in Chromium, against a server that listens."""
