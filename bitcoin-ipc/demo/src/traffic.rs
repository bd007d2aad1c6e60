//! What node and wallet say to each other.
