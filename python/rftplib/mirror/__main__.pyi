# A program: nothing is imported from it.
