//! ec2:DescribeKeyPairs — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeKeyPairs.html>
//!
//! Nothing here makes key pairs, so there are none.

use api_ec2::op::DescribeKeyPairs;
use api_ec2::{DescribeKeyPairsRequest, DescribeKeyPairsResult};

use crate::prelude::*;

impl Handle<DescribeKeyPairs> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeKeyPairsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, _: &Cx, input: DescribeKeyPairsRequest) -> Reply<DescribeKeyPairs> {
        dry_run(input.dry_run)?;
        let asked = input
            .key_names
            .iter()
            .flatten()
            .chain(input.key_pair_ids.iter().flatten())
            .next();
        if let Some(name) = asked {
            let message = format!("The key pair '{name}' does not exist");
            return Err(error::client("InvalidKeyPair.NotFound", message).into());
        }
        Ok(DescribeKeyPairsResult {
            key_pairs: Some(Vec::new()),
        })
    }
}
