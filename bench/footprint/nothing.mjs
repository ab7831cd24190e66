// The bare start of Node.
