//! Models by name: a case in, an answer out.
