// One round trip of the AWS SDK for JavaScript, version 3, told only where and who (AWS_* variables).
// Arguments: bucket, folder with small.txt and large.bin. Prints one line a step; any wrong byte throws.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  ChecksumAlgorithm, CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand,
  GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, NoSuchKey, paginateListObjectsV2,
  PutBucketVersioningCommand, PutObjectCommand, S3Client, waitUntilObjectExists,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient,
} from '@aws-sdk/client-sqs';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const [Bucket, folder] = process.argv.slice(2);
const s3 = new S3Client({ forcePathStyle: true });
const small = await readFile(`${folder}/small.txt`);
const large = await readFile(`${folder}/large.bin`);
const bytes = async (answer) => Buffer.from(await answer.Body.transformToByteArray());
const get = async (Key, more) => bytes(await s3.send(new GetObjectCommand({ Bucket, Key, ...more })));

const steps = {
  async 'creates a bucket'() {
    await s3.send(new CreateBucketCommand({ Bucket }));
  },
  async 'puts and gets, with the default checksum'() {
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'small é+&.txt', Body: small, Metadata: { city: 'Lima' } }));
    assert.ok(put.ChecksumCRC32);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'small é+&.txt' }));
    assert.equal(got.ChecksumCRC32, put.ChecksumCRC32);
    assert.deepEqual(got.Metadata, { city: 'Lima' });
    assert.deepEqual(await bytes(got), small);
    await waitUntilObjectExists({ client: s3, minDelay: 1, maxWaitTime: 10 }, { Bucket, Key: 'small é+&.txt' });
  },
  async 'puts with every checksum'() {
    for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']) {
      assert.ok(algorithm in ChecksumAlgorithm);
      const put = await s3.send(new PutObjectCommand({ Bucket, Key: `sum/${algorithm}`, Body: large, ChecksumAlgorithm: algorithm }));
      assert.ok(put[`Checksum${algorithm}`], algorithm);
      assert.deepEqual(await get(`sum/${algorithm}`, { ChecksumMode: 'ENABLED' }), large);
    }
  },
  async 'streams a file of known length'() {
    const Body = createReadStream(`${folder}/large.bin`);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: large.length }));
    assert.deepEqual(await get('streamed'), large);
  },
  async 'uploads a stream in parts'() {
    let told = 0;
    const upload = new Upload({ client: s3, params: { Bucket, Key: 'large.bin', Body: createReadStream(`${folder}/large.bin`) } });
    upload.on('httpUploadProgress', (progress) => { told = Math.max(told, progress.loaded); });
    const done = await upload.done();
    assert.match(done.ETag, /-4"$/);
    assert.equal(told, large.length);
    assert.deepEqual(await get('large.bin'), large);
  },
  async 'reads a range'() {
    assert.deepEqual(await get('large.bin', { Range: 'bytes=5242870-5242889' }), large.subarray(5242870, 5242890));
  },
  async 'copies'() {
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${encodeURIComponent('small é+&.txt')}` }));
    assert.deepEqual(await get('copy'), small);
  },
  async 'lists page by page'() {
    const keys = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket })) {
      keys.push(...page.Contents.map((one) => one.Key));
    }
    assert.deepEqual(keys, ['copy', 'large.bin', 'small é+&.txt', 'streamed', ...['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'].map((one) => `sum/${one}`)]);
  },
  async 'signs URLs to get and to put'() {
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'signed' }), { expiresIn: 60 });
    assert.equal((await fetch(put, { method: 'PUT', body: small })).status, 200);
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'signed' }), { expiresIn: 60 });
    assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), small);
    assert.equal((await fetch(url.replace('/signed?', '/copy?'))).status, 403);
  },
  async 'knows errors by their class'() {
    await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'none' })), NoSuchKey);
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' })), { name: 'NotFound' });
  },
  async 'keeps versions'() {
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'copy', Body: 'new' }));
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'copy' }));
    assert.deepEqual(Versions.map((one) => one.IsLatest), [true, false]);
    assert.deepEqual(await get('copy', { VersionId: Versions[1].VersionId }), small);
  },
  async 'sends and receives messages'() {
    const sqs = new SQSClient({});
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'wash up' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
    assert.equal(Messages[0].Body, 'wash up');
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle }));
  },
  async 'deletes every version and the bucket'() {
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    assert.equal(Deleted.length, Objects.length);
    assert.equal(Errors, undefined);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
  } catch (error) {
    console.error(`failed: ${name}\n`, error);
    process.exit(1);
  }
  console.log(name);
}
