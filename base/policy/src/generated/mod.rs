//! Tables generated from the service authorization reference.

pub(crate) mod actions;
pub(crate) mod keys;
pub(crate) mod operations;
pub(crate) mod reference;
