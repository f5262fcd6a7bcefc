//! Where in the installation anything is kept: what works in the background looks there after a start.

use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_store::Store;

use crate::Result;

/// The accounts and regions that have records of any kind.
pub async fn places(store: &dyn Store) -> Result<Vec<Place>> {
    let scopes = roadstead_store::scopes(store).await?;
    let places = scopes.iter().filter_map(|(account, region)| {
        Some(Place {
            account: AccountId::parse(account)?,
            region: Region::parse(region)?,
        })
    });
    Ok(places.collect())
}
