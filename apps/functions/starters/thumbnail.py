import io
import urllib.parse

import boto3
from PIL import Image

s3 = boto3.client("s3")


def handler(event, context):
    """Make a thumbnail of every photo that the event names, under thumbs/."""
    made = []
    for record in event.get("Records", []):
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        photo = Image.open(io.BytesIO(body)).convert("RGB")
        photo.thumbnail((320, 320))
        out = io.BytesIO()
        photo.save(out, "JPEG", quality=85)
        target = "thumbs/" + key.rsplit("/", 1)[-1]
        s3.put_object(Bucket=bucket, Key=target, Body=out.getvalue(), ContentType="image/jpeg")
        print("made", target, photo.size)
        made.append(target)
    return {"made": made}
