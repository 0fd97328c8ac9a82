"""The example project as its users meet it: real servers, real databases, nothing but HTTP."""
