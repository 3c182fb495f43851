"""Stories of the whole, layers, pages, promises, simulation."""
