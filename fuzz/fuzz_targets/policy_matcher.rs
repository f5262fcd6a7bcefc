//! A pattern and a text, separated by a zero byte.
#![no_main]

use roadstead_policy::reference::bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::matcher(data));
