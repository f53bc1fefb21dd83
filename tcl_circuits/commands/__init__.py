"""What the command line does, without its words: each module runs one command and leaves its files."""
