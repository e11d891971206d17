"""How a valid file is damaged: blindly, and by the structure of its format."""
