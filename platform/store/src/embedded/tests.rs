//! Tests that need a failing disk.
