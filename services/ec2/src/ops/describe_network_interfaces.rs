//! ec2:DescribeNetworkInterfaces —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html>

use api_ec2::op::DescribeNetworkInterfaces;
use api_ec2::{DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult};

use crate::interfaces::with_names;
use crate::prelude::*;
use crate::records::Interface;

impl Handle<DescribeNetworkInterfaces> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeNetworkInterfacesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeNetworkInterfacesRequest) -> Reply<DescribeNetworkInterfaces> {
        let listing = Listing::parse::<Interface>(
            "DescribeNetworkInterfaces",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut found = match (input.network_interface_ids, listing.filters.exact("group-id")) {
            (None, Some(groups)) => of_groups(&records, &groups).await?,
            (ids, _) => records.gather::<Interface>(ids.as_deref()).await?,
        };
        with_names(&records, &mut found).await?;
        let (interfaces, next_token) = listing.cut(cx.place(), found, Interface::id);
        let interfaces = interfaces
            .iter()
            .map(|interface| interface.to_api(cx.place()))
            .collect();
        Ok(DescribeNetworkInterfacesResult {
            next_token,
            network_interfaces: Some(interfaces),
        })
    }
}

/// The interfaces of security groups, found without reading all others.
async fn of_groups(records: &Records, groups: &[&str]) -> Result<Vec<Interface>> {
    let mut ids: Vec<String> = Vec::new();
    for group in groups {
        ids.extend(records.linked(group).await?);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids.iter().filter(|id| records::well_formed(Interface::PREFIX, id)) {
        found.extend(records.find::<Interface>(id).await?.map(|interface| interface.record));
    }
    Ok(found)
}
