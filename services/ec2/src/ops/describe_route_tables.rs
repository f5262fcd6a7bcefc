//! ec2:DescribeRouteTables — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>

use api_ec2::op::DescribeRouteTables;
use api_ec2::{DescribeRouteTablesRequest, DescribeRouteTablesResult};

use crate::prelude::*;
use crate::records::RouteTable;

impl Handle<DescribeRouteTables> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeRouteTablesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeRouteTablesRequest) -> Reply<DescribeRouteTables> {
        let listing = Listing::parse::<RouteTable>(
            "DescribeRouteTables",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let found = self
            .records(cx)
            .await?
            .gather::<RouteTable>(input.route_table_ids.as_deref())
            .await?;
        let (route_tables, next_token) = listing.cut(cx.place(), found, RouteTable::id);
        let route_tables = route_tables.iter().map(|found| found.to_api(cx.place())).collect();
        Ok(DescribeRouteTablesResult {
            next_token,
            route_tables: Some(route_tables),
        })
    }
}
