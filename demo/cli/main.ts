console.log('tensorloom: `npm start -- <command>`. There are no commands yet.');
