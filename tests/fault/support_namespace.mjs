/* Tests in namespaces of their own: their mounts and networks end with them, however they end. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

/* Runs this test file again inside new namespaces ("--mount", "--net") and ends with its code. Returns
 * true inside, false where it is not allowed: a container without the rights. */
export function insideNamespace(...kinds) {
    if (process.env.HUOZHENG_NAMESPACE === '1') return true;
    if (spawnSync('unshare', [...kinds, 'true']).status !== 0) return false;
    const done = spawnSync('unshare', [...kinds, process.execPath, ...process.execArgv, process.argv[1]],
        { stdio: 'inherit', env: { ...process.env, HUOZHENG_NAMESPACE: '1' } });
    process.exit(done.status ?? 1);
}
