//! Links: which resource hangs on which, so that deletion can be guarded without reading everything.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// One resource hangs on another; both are in the key: `[parent, child]`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Link {}

impl Record for Link {
    const TABLE: &'static str = "ec2/link";
    const VERSION: u16 = 1;
}
