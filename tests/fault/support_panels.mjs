/*
 * Panels in a process of their own, for a network namespace of their own: node support_panels.mjs JSON
 * with {host, port, address, seed, connected, datagrams, window, count, repeat, repeatDatagrams, dropMs}.
 * Connections break at random moments and are made again. Ends when all is confirmed and prints what
 * each panel told and heard.
 */
import { chance } from './support_fault.mjs';
import { DatagramPanel, heard, Panel } from './support_devices.mjs';

const CONNECT_MS = 1500; /* a device tries anew */
const options = JSON.parse(process.argv[2]);
const random = chance(options.seed);
let breaks = 0;
let connections = 0;

class RestlessPanel extends Panel {
    connect(port, host) {
        super.connect(port, host);
        connections++;
        const { socket } = this;
        const patience = setTimeout(() => socket.connecting && socket.destroy(), CONNECT_MS);
        socket.on('close', () => {
            clearTimeout(patience);
            if (!this.isOver) setTimeout(() => !this.isOver && this.connect(port, host), 20);
        });
        if (options.dropMs) setTimeout(() => this.drop(socket), options.dropMs * (0.5 + random()));
    }

    /* What the old connection still holds may arrive after what the new one says. */
    drop(socket) {
        if (this.isOver || socket.connecting) return;
        breaks++;
        if (random() < 0.5) socket.destroy();
        else socket.resetAndDestroy();
    }

    disconnect() {
        this.isOver = true;
        super.disconnect();
    }
}

const panels = [];
for (let i = 0; i < options.connected + options.datagrams; i++) {
    const { address, window, count, repeat, repeatDatagrams } = options;
    panels.push(i < options.connected ? new RestlessPanel(address + i, window, { count, repeat })
        : new DatagramPanel(address + i, window, { count, repeat: repeatDatagrams }));
}
for (const panel of panels) panel.connect(options.port, options.host);
await Promise.all(panels.map(async (panel) => {
    await panel.done;
    panel.disconnect();
}));
console.log(JSON.stringify({ panels: panels.map(heard), breaks, connections }));
process.exit(0);
