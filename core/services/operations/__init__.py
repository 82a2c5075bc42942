"""Operating the installation: health, and handling of restored databases."""
