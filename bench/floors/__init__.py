"""What the same work costs at least: short scripts written by hand, without anything that people rely on."""
