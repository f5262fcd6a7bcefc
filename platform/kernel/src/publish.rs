//! Events between services that do not know each other: who listens to what AWS's services tell.

use roadstead_core::arn::Place;
use roadstead_store::BoxFuture;

use crate::Result;

/// Knows whether anybody listens to the events of AWS's services; joined by the binary.
///
/// A service that has something to tell asks first, so that telling costs nothing where nobody listens. It then calls
/// `events:PutEvents` in its own name like everybody.
pub trait Listeners: Send + Sync + 'static {
    /// Whether a rule of the place could pick events of this source (`aws.ecs`); remembered, so that asking is cheap.
    fn listen<'a>(&'a self, place: Place, source: &'a str) -> BoxFuture<'a, Result<bool>>;
}
