//! Made-up policies and requests, in both evaluators.
#![no_main]

use roadstead_policy::reference::bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::decision(data));
