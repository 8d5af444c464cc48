"""What tests share: real processes on free ports, and lines over sockets."""
