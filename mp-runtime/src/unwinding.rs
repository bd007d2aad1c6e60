//! Panics have to unwind.
//!
//! capnp-rpc panics where a peer breaks rules that it takes for granted, and methods of the user may panic too. That is
//! the end of one connection or one call, because it is caught; where it cannot be caught, any peer could end the
//! process.

#[cfg(panic = "abort")]
compile_error!(
    "mp-runtime needs panics that unwind: a panic that a peer can cause would end the whole process; remove \
     `panic = \"abort\"` from the profile"
);
