//! An internet gateway.

use api_ec2::{AttachmentStatus, InternetGatewayAttachment};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Resource;
use crate::error::{client, malformed};
use crate::filter::Filtered;
use crate::tags;

/// A gateway between a VPC and the internet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// `igw-…`.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// How an attached gateway is called: other attachments say `attached`.
const ATTACHED: &str = "available";

impl Record for InternetGateway {
    const TABLE: &'static str = "ec2/internet-gateway";
    const VERSION: u16 = 1;
}

impl Filtered for InternetGateway {
    const FILTERS: &'static [&'static str] = &[
        "attachment.state",
        "attachment.vpc-id",
        "internet-gateway-id",
        "owner-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "attachment.state" => self.vpc.iter().map(|_| ATTACHED.to_owned()).collect(),
            "attachment.vpc-id" => self.vpc.iter().cloned().collect(),
            "internet-gateway-id" => vec![self.id.clone()],
            "owner-id" => vec![place.account.to_string()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for InternetGateway {
    const PREFIX: &'static str = "igw";
    const KIND: &'static str = "internet-gateway";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidInternetGatewayId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidInternetGatewayID.NotFound",
            format!("The internetGateway ID '{id}' does not exist"),
        )
    }

    fn describe(&self, _: Place, needs: Needs) -> Needs {
        needs.key("ec2:InternetGatewayID", self.id.clone())
    }
}

impl InternetGateway {
    /// The gateway as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::InternetGateway {
        let attachment = |vpc: &String| InternetGatewayAttachment {
            state: Some(AttachmentStatus::from(ATTACHED)),
            vpc_id: Some(vpc.clone()),
        };
        api_ec2::InternetGateway {
            attachments: Some(self.vpc.iter().map(attachment).collect()),
            internet_gateway_id: Some(self.id.clone()),
            owner_id: Some(place.account.to_string()),
            tags: Some(tags::to_api(&self.tags)),
        }
    }
}
