"""Where raw data come from: a package, files, a folder, addresses."""
