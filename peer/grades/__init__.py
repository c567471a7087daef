"""What is known of reporters from before: graded matches, and the book folded from them."""
