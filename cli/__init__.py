"""The command line of tracemark: one file for each group of verbs, over the public library only."""
