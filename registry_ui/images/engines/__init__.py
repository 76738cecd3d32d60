"""Docker Engines and Podman services as a second kind of local store: those that the operator allows, and the few calls made to them."""
