"""Foundation: what the other plugins stand on."""
