//! Dates, numbers, addresses and base64 of any bytes.
#![no_main]

use roadstead_policy::reference::bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::values(data));
