"""Question + history -> Understanding -> cells looked up + passages ranked -> verified Answer."""
