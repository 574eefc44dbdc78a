"""What a person sees in a terminal: plain lines of text, made from values. Nothing here prints, asks or waits."""
