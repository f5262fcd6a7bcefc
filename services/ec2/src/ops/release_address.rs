//! ec2:ReleaseAddress — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html>

use api_ec2::ReleaseAddressRequest;
use api_ec2::op::ReleaseAddress;

use crate::elastic;
use crate::prelude::*;

impl Handle<ReleaseAddress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ReleaseAddressRequest) -> Result<Needs> {
        elastic::needs(
            &self.peek(cx),
            input.allocation_id.as_deref(),
            input.public_ip.as_deref(),
        )
        .await
    }

    async fn handle(&self, cx: &Cx, input: ReleaseAddressRequest) -> Reply<ReleaseAddress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(release(&records, &input))?;
        Ok(Empty {})
    }
}

async fn release(records: &Records, input: &ReleaseAddressRequest) -> Result<()> {
    let found = elastic::named(records, input.allocation_id.as_deref(), input.public_ip.as_deref()).await?;
    let ip = found.record.public_ip;
    if found.record.used.is_some() {
        return Err(error::client("InvalidIPAddress.InUse", format!("Address {ip} is in use.")).into());
    }
    let mut txn = Txn::new();
    elastic::stage_returned(&mut txn, ip);
    records.stage_gone(&mut txn, &found);
    records.commit(txn).await?;
    Ok(())
}
