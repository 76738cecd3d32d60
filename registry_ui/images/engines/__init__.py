"""Docker Engines and Podman services that the operator allows teams to use."""
