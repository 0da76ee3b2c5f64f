"""What a module computes, as statements for one step, and the passes that rewrite them for all steps at once."""
